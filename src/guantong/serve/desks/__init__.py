"""A desk for everyone in the trade: pages for people who are signed in.

Every page works without a script: a form is posted, what it says goes in at the same door as any
document, and the browser is led on to a page that shows it. A form is taken only from a page of
ours, in the session it was given to.
"""
