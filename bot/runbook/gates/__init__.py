"""What a gate needs: approvals and checks, under which conditions, and every way to meet it."""
