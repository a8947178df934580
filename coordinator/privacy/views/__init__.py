"""What is kept of somebody, for whoever it is about and for those who look after it."""
