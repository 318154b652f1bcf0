/* Speaks with a PostgreSQL server: libpq PORT WRONG-PORT. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>

static PGconn *connected(const char *port) {
    const char *const names[] = {"host", "port", "user", "dbname", "connect_timeout", NULL};
    const char *const values[] = {"127.0.0.1", port, "guest", "postgres", "5", NULL};
    return PQconnectdbParams(names, values, 0);
}

static void show_row(const PGresult *result, int row) {
    for (int column = 0; column < PQnfields(result); column++) {
        printf("%s%s", column ? " " : "", PQfname(result, column));
        if (PQgetisnull(result, row, column))
            printf(" is null");
        else
            printf("=%s", PQgetvalue(result, row, column));
    }
    printf("\n");
}

/* Each row of an answer; or what became of a command; or what went wrong. */
static void show(PGconn *connection, PGresult *result) {
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        for (int row = 0; row < PQntuples(result); row++)
            show_row(result, row);
        break;
    case PGRES_COMMAND_OK:
        printf("%s\n", PQcmdStatus(result));
        break;
    default:
        printf("%s %s", PQresultErrorField(result, PG_DIAG_SQLSTATE), PQerrorMessage(connection));
    }
    PQclear(result);
}

/* A connection that is waited for with poll, as event loops do. */
static PGconn *connected_in_background(const char *port) {
    char text[100];
    snprintf(text, sizeof text, "host=127.0.0.1 port=%s user=guest dbname=postgres", port);
    PGconn *connection = PQconnectStart(text);
    for (PostgresPollingStatusType next = PGRES_POLLING_WRITING;
         next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED;
         next = PQconnectPoll(connection)) {
        struct pollfd wait = {.fd = PQsocket(connection),
                              .events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        if (poll(&wait, 1, 5000) != 1)
            break;
    }
    return connection;
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 1;
    PGconn *refused = connected(argv[2]);
    printf("%d %s", PQstatus(refused) == CONNECTION_OK, PQerrorMessage(refused));
    PQfinish(refused);

    PGconn *connection = connected(argv[1]);
    if (PQstatus(connection) != CONNECTION_OK) {
        printf("%s", PQerrorMessage(connection));
        return 1;
    }
    printf("%s %d\n", PQparameterStatus(connection, "client_encoding"),
           PQbackendPID(connection) != 0);
    show(connection, PQexec(connection, "SELECT 6 * 7 AS answer, NULL AS nothing"));
    show(connection, PQexec(connection, "CREATE TEMPORARY TABLE numbers (n integer)"));
    show(connection, PQexec(connection, "SELECT nonsense"));
    const char *values[] = {"it's"};
    show(connection, PQexecParams(connection, "SELECT upper($1::text) AS upper", 1, NULL, values,
                                  NULL, NULL, 0));
    show(connection, PQexec(connection, "SELECT repeat('x', 100000) AS long"));
    PQfinish(connection);

    connection = connected_in_background(argv[1]);
    PQsetnonblocking(connection, 1);
    printf("%d\n", PQsendQuery(connection, "SELECT 6 * 7 AS answer, NULL AS nothing"));
    for (PGresult *result; (result = PQgetResult(connection));)
        show(connection, result);
    PQfinish(connection);
    return 0;
}
