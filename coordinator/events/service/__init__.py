"""What people do with events. Each act is one function; none of them commits.

Every act locks its event first, so of two coordinators who decide at once the second one
finds the event where the first has left it, and is refused.
"""
