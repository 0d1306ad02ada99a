"""What two pages or more use: services, queries, live charts, fields, texts and number formats."""
