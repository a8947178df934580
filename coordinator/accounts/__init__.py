"""People who sign in: organisers, coordinators, administrators."""
