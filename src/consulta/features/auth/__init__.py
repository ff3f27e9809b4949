"""Auth: sign up, sign in, stay signed in, sign out, confirm an address, replace a forgotten
password; accounts, credentials and sessions.

Not here: what a person is called and where (profiles), what tokens look like and whom they belong
to (platform/auth), the mail that carries a link (notifications). Announces nothing; what changes is
audited.
"""
