"""The database itself: connections, transactions, prepared statements, replica, partitions."""
