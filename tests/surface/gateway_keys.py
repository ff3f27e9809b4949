"""Keys of gateway accounts, as a specialist brings them. They open nothing anywhere."""

STRIPE = {
    "secret_key": "sk_test_of_sarah",
    "publishable_key": "pk_test_of_sarah",
    "webhook_secret": "whsec_of_sarah",
    "is_same_account": None,
}
RAZORPAY = {
    "key_id": "rzp_test_sarah",
    "key_secret": "secret-of-sarah",
    "webhook_secret": "letters-of-sarah",
    "is_same_account": None,
}
PAYTABS = {
    "profile_id": 66455,
    "server_key": "SKEY000000-OFSARAH000",
    "region": "ARE",
    "is_live": False,
    "is_same_account": None,
}
