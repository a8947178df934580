"""What people do with RSVPs. Each function is one act; none of them commits.

Every act takes the lock of the event's tally first (`SELECT … FOR UPDATE` on PostgreSQL; on SQLite a
writing transaction is alone anyway), reads what it decides on under that lock, and moves the tally in the
same transaction. So the last place is given once, and the numbers are always those of the answers.
"""
