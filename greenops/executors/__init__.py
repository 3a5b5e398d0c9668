"""Engines that run attempts of jobs. They satisfy `greenops.ports.Executor`."""
