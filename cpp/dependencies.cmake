# Finds what the core is built on, and says in one place what to install when it is not there.
set(OCILOT_MISSING "")

find_package(Threads REQUIRED)
find_package(OpenSSL 3 QUIET)
if(OCILOT_SQLITE_SOURCE)
    enable_language(C)
    ocilot_sqlite_from("${OCILOT_SQLITE_SOURCE}")
    set(SQLite3_FOUND TRUE)
else()
    find_package(SQLite3 QUIET)
endif()
find_package(fmt QUIET)
# libxcrypt's: the crypt(3) of other C libraries knows neither bcrypt nor yescrypt.
find_path(OCILOT_CRYPT_INCLUDE crypt.h)
find_library(OCILOT_CRYPT_LIBRARY NAMES ${OCILOT_CRYPT_NAMES})
if(NOT OCILOT_CRYPT_INCLUDE OR NOT OCILOT_CRYPT_LIBRARY)
    list(APPEND OCILOT_MISSING libcrypt-dev)
endif()
if(NOT OPENSSL_FOUND)
    list(APPEND OCILOT_MISSING libssl-dev)
endif()
if(NOT SQLite3_FOUND)
    list(APPEND OCILOT_MISSING libsqlite3-dev)
endif()
if(NOT fmt_FOUND)
    list(APPEND OCILOT_MISSING libfmt-dev)
endif()

# Boost and nlohmann/json are used as headers only: the system's, or those of a package from PyPI, which
# python/packaging/ocilot_build.py asks for when the system has none.
function(ocilot_python_headers variable package)
    set(found "")
    if(OCILOT_PYTHON)
        find_package(Python 3.11 COMPONENTS Interpreter QUIET)
        execute_process(
            COMMAND "${Python_EXECUTABLE}" -c
                "import importlib.util as u; print(u.find_spec('${package}').submodule_search_locations[0] + '/include')"
            OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
    set(${variable} "${found}" PARENT_SCOPE)
endfunction()

# Debian 12's default Boost is 1.74, and not named by its package: an older one beside a newer one is passed over.
function(ocilot_boost_is_new_enough result directory)
    file(STRINGS "${directory}/boost/version.hpp" line REGEX "^#define BOOST_VERSION [0-9]+")
    string(REGEX MATCH "[0-9]+$" version "${line}")
    if(version VERSION_LESS 108100 OR NOT EXISTS "${directory}/boost/beast/version.hpp")
        set(${result} FALSE PARENT_SCOPE)
    endif()
endfunction()

ocilot_python_headers(boost_from_pypi boost_headers)
ocilot_python_headers(json_from_pypi nlohmann_json)
find_path(OCILOT_BOOST_INCLUDE boost/version.hpp HINTS ENV BOOST_ROOT PATHS "${boost_from_pypi}"
    PATH_SUFFIXES include VALIDATOR ocilot_boost_is_new_enough)
find_path(OCILOT_JSON_INCLUDE nlohmann/json_fwd.hpp PATHS "${json_from_pypi}")
if(NOT OCILOT_BOOST_INCLUDE)
    list(APPEND OCILOT_MISSING libboost1.81-dev)
endif()
if(NOT OCILOT_JSON_INCLUDE)
    list(APPEND OCILOT_MISSING nlohmann-json3-dev)
endif()

if(OCILOT_TESTS)
    find_package(GTest QUIET)
    if(NOT GTest_FOUND)
        list(APPEND OCILOT_MISSING libgtest-dev libgmock-dev)
    endif()
endif()

if(OCILOT_MISSING)
    list(JOIN OCILOT_MISSING " " packages)
    message(FATAL_ERROR
        "ocilot cannot be built: what these Debian packages hold was not found: ${packages}.\n"
        "On Debian and Ubuntu: apt-get install ${packages}\n"
        "Elsewhere install OpenSSL 3, SQLite 3, libxcrypt, {fmt}, Boost 1.81 or newer and nlohmann/json 3 with their headers.")
endif()
