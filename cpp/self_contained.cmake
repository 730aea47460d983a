# What a module for other machines needs: everything but the C library inside it, and nothing of that visible.
# `./dev dist` builds the wheel so; docs/develop/building.md says how.
option(OCILOT_SELF_CONTAINED "Link OpenSSL, libcrypt, {fmt} and the C++ runtime statically into the module" OFF)
set(OCILOT_SQLITE_SOURCE "" CACHE PATH
    "Directory of SQLite's amalgamation (sqlite3.c, sqlite3.h) to compile in, instead of the system's library")

set(OCILOT_CRYPT_NAMES crypt)
set(OCILOT_FMT fmt::fmt)
if(OCILOT_SELF_CONTAINED)
    set(OPENSSL_USE_STATIC_LIBS TRUE)
    set(OCILOT_CRYPT_NAMES libcrypt.a)
    set(OCILOT_FMT fmt::fmt-header-only)  # Debian has no static one.
    set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
    set(CMAKE_CXX_VISIBILITY_PRESET hidden)
    set(CMAKE_C_VISIBILITY_PRESET hidden)
    add_compile_options(-ffunction-sections -fdata-sections)
endif()

# SQLite as its authors recommend it for one's own use; what configure would find on Linux is said here.
function(ocilot_sqlite_from directory)
    add_library(ocilot_sqlite STATIC "${directory}/sqlite3.c")
    add_library(SQLite::SQLite3 ALIAS ocilot_sqlite)
    target_include_directories(ocilot_sqlite SYSTEM INTERFACE "${directory}")
    target_compile_definitions(ocilot_sqlite PRIVATE
        HAVE_FDATASYNC=1 HAVE_GMTIME_R=1 HAVE_LOCALTIME_R=1 HAVE_MALLOC_USABLE_SIZE=1 HAVE_PREAD=1 HAVE_PWRITE=1
        HAVE_STRCHRNUL=1 HAVE_USLEEP=1
        SQLITE_DEFAULT_MEMSTATUS=0 SQLITE_DQS=0 SQLITE_ENABLE_DBSTAT_VTAB=1 SQLITE_LIKE_DOESNT_MATCH_BLOBS=1
        SQLITE_OMIT_DEPRECATED=1 SQLITE_OMIT_LOAD_EXTENSION=1 SQLITE_OMIT_SHARED_CACHE=1 SQLITE_SECURE_DELETE=1
        SQLITE_THREADSAFE=1)
    target_link_libraries(ocilot_sqlite PRIVATE Threads::Threads)
endfunction()

# A Python module of which only its entry point is seen, whatever its libraries declare to be visible.
function(ocilot_close_module target)
    set(map "${CMAKE_CURRENT_BINARY_DIR}/${target}.map")
    file(CONFIGURE OUTPUT "${map}" CONTENT "{ global: PyInit_${target}; local: *; };\n")
    target_link_options(${target} PRIVATE LINKER:--exclude-libs,ALL "LINKER:--version-script,${map}")
    if(OCILOT_SELF_CONTAINED)
        target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc LINKER:--gc-sections LINKER:--strip-all
            LINKER:-z,relro LINKER:-z,now)
    endif()
endfunction()

# The licenses of what is inside go with it, where they ask for that: Debian keeps each package's at one place, PyPI's
# beside the package.
function(ocilot_install_licenses)
    foreach(package libssl-dev libcrypt-dev libfmt-dev nlohmann-json3-dev gcc-12-base)
        set(file "/usr/share/doc/${package}/copyright")
        if(EXISTS "${file}")
            file(REAL_PATH "${file}" file)
            install(FILES "${file}" DESTINATION ocilot/licenses RENAME ${package} COMPONENT python)
        endif()
    endforeach()
    file(GLOB file "${pybind11_DIR}/../../../../pybind11-*.dist-info/licenses/LICENSE")
    install(FILES ${file} DESTINATION ocilot/licenses RENAME pybind11 COMPONENT python)
endfunction()
