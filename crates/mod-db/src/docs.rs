//! Docstrings of `_sqlite3`.

pub const fn connection(name: &str) -> &'static str {
    const T: &[(&str, &str)] = &[
        ("backup", "Makes a backup of the database."),
        ("close", "Close the database connection.\n\nAny pending transaction is not committed implicitly."),
        (
            "commit",
            "Commit any pending transaction to the database.\n\nIf there is no open transaction, this method is a no-op.",
        ),
        (
            "create_aggregate",
            "Creates a new aggregate.\n\nNote: Passing keyword arguments 'name', 'n_arg' and 'aggregate_class'\nto _sqlite3.Connection.create_aggregate() is deprecated. Parameters\n'name', 'n_arg' and 'aggregate_class' will become positional-only in\nPython 3.15.\n",
        ),
        ("create_collation", "Creates a collation function."),
        (
            "create_function",
            "Creates a new function.\n\nNote: Passing keyword arguments 'name', 'narg' and 'func' to\n_sqlite3.Connection.create_function() is deprecated. Parameters\n'name', 'narg' and 'func' will become positional-only in Python 3.15.\n",
        ),
        ("cursor", "Return a cursor for the connection."),
        ("enable_load_extension", "Enable dynamic loading of SQLite extension modules."),
        (
            "__enter__",
            "Called when the connection is used as a context manager.\n\nReturns itself as a convenience to the caller.",
        ),
        ("executemany", "Repeatedly executes an SQL statement."),
        ("executescript", "Executes multiple SQL statements at once."),
        ("execute", "Executes an SQL statement."),
        (
            "__exit__",
            "Called when the connection is used as a context manager.\n\nIf there was any exception, a rollback takes place; otherwise we\ncommit.",
        ),
        ("interrupt", "Abort any pending database operation."),
        (
            "iterdump",
            "Returns iterator to the dump of the database in an SQL text format.\n\n  filter\n    An optional LIKE pattern for database objects to dump",
        ),
        ("load_extension", "Load SQLite extension module."),
        (
            "rollback",
            "Roll back to the start of any pending transaction.\n\nIf there is no open transaction, this method is a no-op.",
        ),
        (
            "set_authorizer",
            "Set authorizer callback.\n\nNote: Passing keyword argument 'authorizer_callback' to\n_sqlite3.Connection.set_authorizer() is deprecated. Parameter\n'authorizer_callback' will become positional-only in Python 3.15.\n",
        ),
        (
            "set_progress_handler",
            "Set progress handler callback.\n\n  progress_handler\n    A callable that takes no arguments.\n    If the callable returns non-zero, the current query is\n    terminated, and an exception is raised.\n  n\n    The number of SQLite virtual machine instructions that are\n    executed between invocations of 'progress_handler'.\n\nIf 'progress_handler' is None or 'n' is 0, the progress handler is\ndisabled.\n\nNote: Passing keyword argument 'progress_handler' to\n_sqlite3.Connection.set_progress_handler() is deprecated. Parameter\n'progress_handler' will become positional-only in Python 3.15.\n",
        ),
        (
            "set_trace_callback",
            "Set a trace callback called for each SQL statement (passed as unicode).\n\nNote: Passing keyword argument 'trace_callback' to\n_sqlite3.Connection.set_trace_callback() is deprecated. Parameter\n'trace_callback' will become positional-only in Python 3.15.\n",
        ),
        (
            "setlimit",
            "Set connection run-time limits.\n\n  category\n    The limit category to be set.\n  limit\n    The new limit. If the new limit is a negative number, the limit\n    is unchanged.\n\nAttempts to increase a limit above its hard upper bound are silently\ntruncated to the hard upper bound. Regardless of whether or not the\nlimit was changed, the prior value of the limit is returned.",
        ),
        ("getlimit", "Get connection run-time limits.\n\n  category\n    The limit category to be queried."),
        (
            "serialize",
            "Serialize a database into a byte string.\n\n  name\n    Which database to serialize.\n\nFor an ordinary on-disk database file, the serialization is just\na copy of the disk file.  For an in-memory database or a \"temp\"\ndatabase, the serialization is the same sequence of bytes which\nwould be written to disk if that database were backed up to disk.",
        ),
        (
            "deserialize",
            "Load a serialized database.\n\n  data\n    The serialized database content.\n  name\n    Which database to reopen with the deserialization.\n\nThe deserialize interface causes the database connection to\ndisconnect from the target database, and then reopen it as\nan in-memory database based on the given serialized data.\n\nThe deserialize interface will fail with SQLITE_BUSY if the database\nis currently in a read transaction or is involved in a backup\noperation.",
        ),
        (
            "create_window_function",
            "Creates or redefines an aggregate window function. Non-standard.\n\n  name\n    The name of the SQL aggregate window function to be created or\n    redefined.\n  num_params\n    The number of arguments the step and inverse methods takes.\n  aggregate_class\n    A class with step(), finalize(), value(), and inverse() methods.\n    Set to None to clear the window function.",
        ),
        (
            "blobopen",
            "Open and return a BLOB object.\n\n  table\n    Table name.\n  column\n    Column name.\n  rowid\n    Row id.\n  readonly\n    Open the BLOB without write permissions.\n  name\n    Database name.",
        ),
        (
            "setconfig",
            "Set a boolean connection configuration option.\n\n  op\n    The configuration verb; one of the sqlite3.SQLITE_DBCONFIG codes.",
        ),
        (
            "getconfig",
            "Query a boolean connection configuration option.\n\n  op\n    The configuration verb; one of the sqlite3.SQLITE_DBCONFIG codes.",
        ),
    ];
    adder_vm::declare::text_of(T, name)
}
pub const fn cursor(name: &str) -> &'static str {
    const T: &[(&str, &str)] = &[
        ("close", "Closes the cursor."),
        ("executemany", "Repeatedly executes an SQL statement."),
        ("executescript", "Executes multiple SQL statements at once."),
        ("execute", "Executes an SQL statement."),
        ("fetchall", "Fetches all rows from the resultset."),
        (
            "fetchmany",
            "Fetches several rows from the resultset.\n\n  size\n    The default value is set by the Cursor.arraysize attribute.",
        ),
        ("fetchone", "Fetches one row from the resultset."),
        ("setinputsizes", "Required by DB-API. Does nothing in sqlite3."),
        ("setoutputsize", "Required by DB-API. Does nothing in sqlite3."),
    ];
    adder_vm::declare::text_of(T, name)
}
pub const fn blob(name: &str) -> &'static str {
    const T: &[(&str, &str)] = &[
        ("close", "Close the blob."),
        ("__enter__", "Blob context manager enter."),
        ("__exit__", "Blob context manager exit."),
        (
            "read",
            "Read data at the current offset position.\n\n  length\n    Read length in bytes.\n\nIf the end of the blob is reached, the data up to end of file will\nbe returned.  When length is not specified, or is negative,\nBlob.read() will read until the end of the blob.",
        ),
        (
            "seek",
            "Set the current access position to offset.\n\nThe origin argument defaults to os.SEEK_SET (absolute blob\npositioning).  Other values for origin are os.SEEK_CUR (seek\nrelative to the current position) and os.SEEK_END (seek relative to\nthe blob's end).",
        ),
        ("tell", "Return the current access position for the blob."),
        (
            "write",
            "Write data at the current offset.\n\nThis function cannot change the blob length.  Writing beyond the end\nof the blob will result in an exception being raised.",
        ),
    ];
    adder_vm::declare::text_of(T, name)
}
pub const fn row(name: &str) -> &'static str {
    const T: &[(&str, &str)] = &[
        ("__new__", "Create and return a new object.  See help(type) for accurate signature."),
        ("keys", "Returns the keys of the row."),
    ];
    adder_vm::declare::text_of(T, name)
}
pub const fn module(name: &str) -> &'static str {
    const T: &[(&str, &str)] = &[
        ("adapt", "Adapt given object to given protocol."),
        ("complete_statement", "Checks if a string contains a complete SQL statement."),
        (
            "connect",
            "Open a connection to the SQLite database file 'database'.\n\nYou can use \":memory:\" to open a database connection to a database that\nresides in RAM instead of on disk.\n\nNote: Passing more than 1 positional argument to _sqlite3.connect() is\ndeprecated. Parameters 'timeout', 'detect_types', 'isolation_level',\n'check_same_thread', 'factory', 'cached_statements' and 'uri' will\nbecome keyword-only parameters in Python 3.15.\n",
        ),
        ("enable_callback_tracebacks", "Enable or disable callback functions throwing errors to stderr."),
        ("register_adapter", "Register a function to adapt Python objects to SQLite values."),
        ("register_converter", "Register a function to convert SQLite values to Python objects."),
    ];
    adder_vm::declare::text_of(T, name)
}
