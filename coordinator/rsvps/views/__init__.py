"""Pages of RSVPs."""
