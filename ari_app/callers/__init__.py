"""Who calls: blocked, VIP, without a number, too often."""
