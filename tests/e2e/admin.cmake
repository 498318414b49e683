# riskctl's orders to a running riskd (S-17 to S-22).
if(TARGET risksim)
  add_test(NAME e2e/admin COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/admin.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e/admin PROPERTIES TIMEOUT 120)
  add_test(NAME e2e/admin-init COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/admin_init.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e/admin-init PROPERTIES TIMEOUT 180)
  add_test(NAME e2e/admin-menu COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/admin_menu.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e/admin-menu PROPERTIES TIMEOUT 180 SKIP_RETURN_CODE 77)
endif()
