# Looser rules wait, over reloads and restarts (issue 8).
if(TARGET risksim)
  add_test(NAME e2e/loosen COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/loosen.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e/loosen PROPERTIES TIMEOUT 600)
endif()
