"""What stands for concurrent.futures.interpreter where there are no subinterpreters."""

from concurrent.futures import thread as _thread


class InterpreterPoolExecutor(_thread.ThreadPoolExecutor):

    def __init__(self, max_workers=None, thread_name_prefix='',
                 initializer=None, initargs=()):
        """Initializes a new InterpreterPoolExecutor instance.

        Args:
            max_workers: The maximum number of interpreters that can be used to
                execute the given calls.
            thread_name_prefix: An optional name prefix to give our threads.
            initializer: A callable or script used to initialize
                each worker interpreter.
            initargs: A tuple of arguments to pass to the initializer.
        """
        raise NotImplementedError(
            "InterpreterPoolExecutor is not available: Adder has no subinterpreters")
