"""What a laptop runs: finds devices, checks them, keeps and sends signed reports."""
