"""What `sysconfig.get_config_vars()` tells of an Adder: the variables that programs ask for.

CPython writes its Makefile's variables here; Adder has no Makefile, so only what describes the running
program is given. `_sysconfigdata__<platform>_<multiarch>` imports it, as `sysconfig` looks for that name.
"""
import sys


def build_time_vars(multiarch):
    version = "%d.%d" % sys.version_info[:2]
    nodot = "%d%d" % sys.version_info[:2]
    prefix = sys.base_prefix
    soabi = f"{sys.implementation.cache_tag}-{multiarch}"
    return {
        "ABIFLAGS": "",
        "AR": "ar",
        "BINDIR": f"{prefix}/bin",
        "BINLIBDEST": f"{prefix}/lib/python{version}",
        "CC": "cc",
        "CFLAGS": "-fno-strict-overflow -Wall",
        "CXX": "c++",
        "DESTDIRS": f"{prefix} {prefix}/lib {prefix}/lib/python{version}",
        "DESTSHARED": f"{prefix}/lib/python{version}/lib-dynload",
        "EXE": "",
        "EXT_SUFFIX": f".{soabi}.so",
        "HAVE_FORK": 1,
        "HAVE_GETRANDOM": 1,
        "INCLUDEDIR": f"{prefix}/include",
        "INCLUDEPY": f"{prefix}/include/python{version}",
        "LDSHARED": "cc -shared",
        "LIBDEST": f"{prefix}/lib/python{version}",
        "LIBDIR": f"{prefix}/lib",
        "MACHDEP": sys.platform,
        "MULTIARCH": multiarch,
        "Py_DEBUG": 0,
        "Py_ENABLE_SHARED": 0,
        # There is no GIL, but the "t" in paths and tags that this variable stands for is not wanted.
        "Py_GIL_DISABLED": 0,
        "Py_REMOTE_DEBUG": 0,
        "Py_TRACE_REFS": 0,
        "SCRIPTDIR": f"{prefix}/lib",
        "SHELL": "/bin/sh",
        "SHLIB_SUFFIX": ".so",
        "SIZEOF_LONG": 8,
        "SIZEOF_SIZE_T": 8,
        "SIZEOF_TIME_T": 8,
        "SIZEOF_VOID_P": 8,
        "SIZEOF_WCHAR_T": 4,
        "SOABI": soabi,
        "TZPATH": "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo",
        "VERSION": version,
        "WITH_DOC_STRINGS": 1,
        "WITH_PYMALLOC": 0,
        "abs_builddir": prefix,
        "abs_srcdir": prefix,
        "exec_prefix": sys.base_exec_prefix,
        "prefix": prefix,
        "py_version_nodot": nodot,
        "srcdir": ".",
    }
