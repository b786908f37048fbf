# Read by cpack before it makes a package. Without these programs CPack leaves out, and hardly says so, what the package depends on.
if(CPACK_GENERATOR STREQUAL "DEB")
  foreach(program dpkg-shlibdeps file)
    find_program(has_${program} ${program})
    if(NOT has_${program})
      message(FATAL_ERROR "${program} is needed to find out what the package depends on: scripts/install-deps --package installs it")
    endif()
  endforeach()
endif()
