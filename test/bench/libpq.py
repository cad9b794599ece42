"""The few libpq calls that a client of onboard_ingest() needs."""

import ctypes

from server import Failure

TUPLES_OK = 2


def load_library():
    library = ctypes.CDLL("libpq.so.5")
    library.PQconnectdb.restype = ctypes.c_void_p
    library.PQconnectdb.argtypes = [ctypes.c_char_p]
    library.PQexecParams.restype = ctypes.c_void_p
    library.PQexecParams.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p,
                                     ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    library.PQerrorMessage.restype = ctypes.c_char_p
    library.PQstatus.argtypes = library.PQerrorMessage.argtypes = [ctypes.c_void_p]
    library.PQfinish.argtypes = library.PQbackendPID.argtypes = [ctypes.c_void_p]
    library.PQresultStatus.argtypes = library.PQntuples.argtypes = library.PQclear.argtypes = [ctypes.c_void_p]
    return library


class Connection:
    def __init__(self, conninfo):
        self.libpq = load_library()
        self.connection = self.libpq.PQconnectdb(conninfo.encode())
        if self.libpq.PQstatus(self.connection) != 0:
            raise Failure("cannot connect: " + self.error())
        self.pid = self.libpq.PQbackendPID(self.connection)

    def close(self):
        self.libpq.PQfinish(self.connection)

    def error(self):
        return self.libpq.PQerrorMessage(self.connection).decode()

    def query(self, command, *values):
        """Run one query with text parameters (bytes); return the number of rows."""
        parameters = (ctypes.c_char_p * len(values))(*values)
        result = self.libpq.PQexecParams(self.connection, command, len(values), None, parameters, None, None, 0)
        if self.libpq.PQresultStatus(result) != TUPLES_OK:
            raise Failure("query failed: " + self.error())
        rows = self.libpq.PQntuples(result)
        self.libpq.PQclear(result)
        return rows
