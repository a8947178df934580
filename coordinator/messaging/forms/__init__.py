"""What organisers and coordinators say to many, and what a coordinator says to that."""
