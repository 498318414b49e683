# The audit ledger, metrics, alerts and faults of real processes (S-9 to S-12, S-25 to S-27).
if(TARGET risksim)
  foreach(name audit metrics alerts secrets)
    add_test(NAME e2e/${name} COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/${name}.py ${CMAKE_BINARY_DIR})
    set_tests_properties(e2e/${name} PROPERTIES TIMEOUT 600)
  endforeach()
  add_test(NAME e2e/faults COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/faults.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e/faults PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77) # A tmpfs needs root.
endif()
if(TARGET risksim AND NOT SANITIZE) # A sanitizer wants to be loaded first.
  add_library(stall_disk SHARED ${CMAKE_CURRENT_LIST_DIR}/stall_disk.c)
  target_link_libraries(stall_disk ${CMAKE_DL_LIBS})
  add_test(NAME e2e/stall COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/stall.py ${CMAKE_BINARY_DIR} $<TARGET_FILE:stall_disk>)
  set_tests_properties(e2e/stall PROPERTIES TIMEOUT 600)
endif()
