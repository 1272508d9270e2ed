"""Floor 7: seats, waiting list, invitations to calendars, and what registrants do by signed link."""
