"""Paths of signing up, in, on and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from consulta.features.auth import flows
from consulta.features.auth.errors import (
    AccountDisabled,
    EmailTaken,
    InvalidCredentials,
    InvalidRefreshToken,
    ResetTokenInvalid,
    VerificationTokenInvalid,
)
from consulta.features.auth.flows import Desk
from consulta.features.auth.schemas import (
    Forgotten,
    LetterAskedOut,
    Login,
    Refresh,
    RegisteredOut,
    Registration,
    Reset,
    TokensOut,
    Verification,
)
from consulta.features.auth.service import RESET_FOR, VERIFICATION_FOR, Tokens
from consulta.kernel.errors import RateLimited, Unauthenticated
from consulta.platform.auth.guards import OPEN, SIGNED_IN
from consulta.platform.auth.identity import EmailAlreadyRegistered, Identity, identity_of
from consulta.platform.auth.passwords import PasswordTooWeak, SignInBusy
from consulta.platform.auth.turns import address_of
from consulta.platform.http.deps import ActorDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OpenOnceDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/auth", tags=["auth"])


async def _desk(request: Request) -> Desk:
    state = request.app.state
    return Desk(state.database, state.identities, state.passwords, address_of(request))


async def _identity(request: Request) -> Identity:
    identity = await identity_of(request)
    if identity is None:
        raise Unauthenticated
    return identity


DeskDep = Annotated[Desk, Depends(_desk)]
IdentityDep = Annotated[Identity, Depends(_identity)]


@router.post(
    "/register",
    status_code=201,
    response_model=RegisteredOut,
    dependencies=[OPEN],
    responses=problems(
        *ALWAYS, *OPTIONAL_ERRORS, EmailTaken, PasswordTooWeak, RateLimited, SignInBusy
    ),
    summary="Register as a client or a specialist",
)
async def register(body: Registration, desk: DeskDep, once: OpenOnceDep) -> Response:
    """The account exists, and is signed in. An address in use answers 409 `EMAIL_TAKEN`."""
    return await flows.register(desk, body, once=once)


@router.post(
    "/login",
    response_model=TokensOut,
    dependencies=[OPEN],
    responses=problems(*ALWAYS, InvalidCredentials, AccountDisabled, RateLimited, SignInBusy),
    summary="Sign in",
)
async def login(body: Login, desk: DeskDep) -> Tokens:
    """A bearer token and a refresh token. The account's state is told only to who has the
    password.
    """
    return await flows.sign_in(desk, body)


@router.post(
    "/refresh",
    response_model=TokensOut,
    dependencies=[OPEN],
    responses=problems(*ALWAYS, InvalidRefreshToken, RateLimited),
    summary="Exchange a refresh token",
)
async def refresh(body: Refresh, desk: DeskDep) -> Tokens:
    """The next pair of tokens. Requests that race with the same token each get one; showing a
    used token more than 10 seconds later ends the sign-in.
    """
    return await flows.refresh(desk, refresh_token=body.refresh_token.get_secret_value())


@router.post(
    "/logout",
    status_code=204,
    dependencies=[SIGNED_IN],
    responses=problems(*ALWAYS, EmailAlreadyRegistered),
    summary="Sign out",
)
async def logout(identity: IdentityDep, desk: DeskDep) -> Response:
    """This sign-in is over, with every token that came from it: elsewhere within 5 seconds."""
    await flows.sign_out(desk, identity)
    return Response(status_code=204)


@router.post(
    "/password/forgot",
    status_code=202,
    dependencies=[OPEN],
    responses=problems(*ALWAYS, RateLimited),
    summary="Ask for a letter to reset the password",
)
async def forgot(body: Forgotten, desk: DeskDep) -> LetterAskedOut:
    """The answer is the same whether there is such an account or not."""
    await flows.forgot(desk, email=body.email)
    return LetterAskedOut(expires_in=int(RESET_FOR.total_seconds()))


@router.post(
    "/password/reset",
    status_code=204,
    dependencies=[OPEN],
    responses=problems(*ALWAYS, ResetTokenInvalid, PasswordTooWeak, RateLimited, SignInBusy),
    summary="Set a new password with the token of a letter",
)
async def reset_password(body: Reset, desk: DeskDep) -> Response:
    """The account has this password, and whoever was signed in to it is not any more."""
    await flows.reset_password(desk, body)
    return Response(status_code=204)


@router.post(
    "/verify-email",
    status_code=204,
    dependencies=[OPEN],
    responses=problems(*ALWAYS, VerificationTokenInvalid, RateLimited),
    summary="Confirm the e-mail address with the token of a letter",
)
async def verify_email(body: Verification, desk: DeskDep) -> Response:
    """The address of the account is known to be read. Nothing else depends on it."""
    await flows.verify_email(desk, token=body.token.get_secret_value())
    return Response(status_code=204)


@router.post(
    "/verify-email/send",
    status_code=202,
    dependencies=[SIGNED_IN],
    responses=problems(*ALWAYS, EmailAlreadyRegistered, RateLimited),
    summary="Ask for another letter to confirm the e-mail address",
)
async def ask_for_verification(actor: ActorDep, desk: DeskDep) -> LetterAskedOut:
    """The first came with the registration. Nothing is sent where the address is confirmed."""
    await flows.ask_for_verification(desk, actor)
    return LetterAskedOut(expires_in=int(VERIFICATION_FOR.total_seconds()))
