"""How fast the service is, as a ratio to PostgreSQL itself. Run by hand; no test asserts a time.

    python -m tests.bench                               # 10,000 specialists, 1,000,000 bookings
    python -m tests.bench --scale small --seconds 3 --rounds 1
    python -m tests.bench --only bookings,slots --data /fast/disk/bench

It needs Linux, `wrk` and `pgbench` (Debian: `apt install wrk postgresql-contrib`) and about 15 GB
of disk. Without `DATABASE_URL` an embedded server with durable commits is started; with it, that
server is used, by an address that may create roles and databases. Let it be a server of its own:
the passwords of Consulta's logins are set there. The town (specialists, clients, past bookings) is
loaded once into a template database, copied for every run, so that each run meets the same data,
and loaded anew on another day, since its future must lie ahead.

`waits` asks with one connection alone, and holds the waiting times against what was promised. The
other three things are measured with 16 connections: `POST /bookings`, `GET …/slots` for 14 days,
and `POST …/cancel` of an authorised booking. Each is measured in three ways, turn by turn, and the
table shows medians:

* **floor**: `pgbench` calls the functions of this design in the leanest SQL (`floor/*.sql`), which
  writes the rows that the service writes, under the same roles, policies and durable commits, in
  as many transactions. One run of pgbench has one login, so a login of the bench alone may take on
  both the person's and the worker's role.
* **elsewhere**: the service with two workers, whose payment provider answers at once and keeps its
  books outside of our database, as a real one does. Its ratio to the floor is the one to quote.
* **sandbox**: the same with the sandbox as it is delivered, which keeps its books in our
  PostgreSQL: a further transaction, which no provider of the real world costs.

`dispatch` lets the dispatcher of series work off what is due, few and many at once, with two
connections: its floor writes the same rows, and knows beforehand that all can be booked.

The scheduler rests meanwhile: the floor delivers no messages either. Before the first round some
requests and some of the floor's transactions are compared: both must add the same rows.
"""
