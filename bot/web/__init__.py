"""HTTP: webhooks, the API, what others were told, and health."""
