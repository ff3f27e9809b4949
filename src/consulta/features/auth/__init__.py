"""Auth: sign up, sign in, stay signed in, sign out; accounts, credentials and sessions.

Not here: what a person is called and where (profiles), what tokens look like and whom they belong
to (platform/auth). Announces nothing; what changes is audited.
"""
