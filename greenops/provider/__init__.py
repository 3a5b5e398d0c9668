"""What a provider plugin is built from: requests, credentials, checked answers."""
