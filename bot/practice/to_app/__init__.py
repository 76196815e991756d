"""What the practice Slack sends to the app: payloads, over HTTP or a socket, and what comes of them."""
