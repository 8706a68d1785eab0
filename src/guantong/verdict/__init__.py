"""What do we tell the person who scanned?"""
