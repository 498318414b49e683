# riskd killed in each state of an enforcement, at an exchange that is slow too, while resuming, in mid-transaction (issue 2, done when 4).
if(TARGET risksim)
  set(shim)
  if(NOT SANITIZE) # A sanitizer wants to be loaded first.
    add_library(kill_write SHARED ${CMAKE_CURRENT_LIST_DIR}/kill_write.c)
    target_link_libraries(kill_write ${CMAKE_DL_LIBS})
    set(shim --shim $<TARGET_FILE:kill_write>)
  endif()
  add_test(NAME e2e/kill-states COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/kill_states.py ${CMAKE_BINARY_DIR} ${shim})
  set_tests_properties(e2e/kill-states PROPERTIES TIMEOUT 1500)
endif()
