# An enforcement from end to end against the real simulator: killed at each state, surprised by the broker (S-1, R-ALL-5).
if(TARGET risksim)
  foreach(name kill_matrix broker_surprises)
    string(REPLACE "_" "-" shown ${name})
    add_test(NAME e2e/${shown} COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/${name}.py ${CMAKE_BINARY_DIR})
    set_tests_properties(e2e/${shown} PROPERTIES TIMEOUT 600)
  endforeach()
endif()
