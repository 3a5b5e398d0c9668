"""When, where and how a job should run, over forecasts it is handed. Pure."""
