"""What organisers and coordinators fill in. Shapes only: whether it may be so is for rules and services."""
