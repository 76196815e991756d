"""What is asked of one person by all releases, with the buttons: for the Home tab and the digest."""
