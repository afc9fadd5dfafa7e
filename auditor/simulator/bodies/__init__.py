"""The bodies of answers, with the keys, the letter cases, the order and the absences that were recorded."""
