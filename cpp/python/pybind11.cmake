# Python and pybind11, for the module and for what the bench adds to it.
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
if(NOT pybind11_DIR)
    execute_process(COMMAND "${Python_EXECUTABLE}" -m pybind11 --cmakedir
        OUTPUT_VARIABLE pybind11_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
find_package(pybind11 3.1 CONFIG QUIET)
if(NOT pybind11_FOUND)
    message(FATAL_ERROR "pybind11 3.1 or newer is needed for ocilot._core: ${Python_EXECUTABLE} -m pip install pybind11")
endif()
