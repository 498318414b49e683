# riskctl rules set with a running riskd (S-18).
if(TARGET risksim)
  add_test(NAME e2e/rules-set COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/rules_set.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e/rules-set PROPERTIES TIMEOUT 600)
endif()
