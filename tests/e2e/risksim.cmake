# The simulator's page says what the simulator's --help says.
if(TARGET risksim)
  add_test(NAME e2e/risksim-docs COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/risksim_docs.py $<TARGET_FILE:risksim> ${CMAKE_SOURCE_DIR}/docs/risksim.md)
  add_test(NAME e2e/risksim-loopback COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/risksim_loopback.py ${CMAKE_BINARY_DIR})
endif()
