"""What becomes of kits after their receipt: custody, repairs, loans, moves between schools, recalls, disposal."""
