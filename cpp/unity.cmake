# Whole builds (`./dev run`, the wheel, CI) compile several sources as one; docs/develop/building.md has the figures.
# A developer's build does not: every edit would compile sixteen files.
option(OCILOT_UNITY "Compile several sources as one unit" OFF)
if(OCILOT_UNITY)
    find_package(Python 3.11 REQUIRED COMPONENTS Interpreter)
endif()

# After the target has all its sources. CMake's own UNITY_BUILD names them by absolute paths, which ccache cannot
# find again in another checkout, and does not see names that collide.
function(ocilot_unity target)
    if(NOT OCILOT_UNITY)
        return()
    endif()
    get_target_property(all ${target} SOURCES)
    set(sources "")
    foreach(source IN LISTS all)
        # One that is compiled in its own way stays as it is.
        get_source_file_property(definitions "${source}" COMPILE_DEFINITIONS)
        if(NOT definitions)
            list(APPEND sources "${source}")
        endif()
    endforeach()
    set(script "${PROJECT_SOURCE_DIR}/python/packaging/unity.py")
    execute_process(
        COMMAND "${Python_EXECUTABLE}" "${script}" "${CMAKE_CURRENT_BINARY_DIR}/units/${target}" ${sources}
        WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
        OUTPUT_VARIABLE units OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    string(REPLACE "\n" ";" units "${units}")
    set_source_files_properties(${sources} PROPERTIES HEADER_FILE_ONLY ON)
    target_sources(${target} PRIVATE ${units})
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
    # A new name can need another division.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources} "${script}")
endfunction()
