# The gateway client over real TLS: against a server that misbehaves.
add_executable(gateway_net ${CMAKE_CURRENT_LIST_DIR}/gateway_net.c ${CMAKE_CURRENT_LIST_DIR}/gateway_net_loop.c
  ${CMAKE_CURRENT_LIST_DIR}/gateway_net_server.c ${CMAKE_CURRENT_LIST_DIR}/gateway_net_tunnel.c ${CMAKE_CURRENT_LIST_DIR}/gateway_net_whole.c)
target_link_libraries(gateway_net test_lib PkgConfig::CMOCKA)
add_test(NAME e2e/gateway_net COMMAND gateway_net WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(e2e/gateway_net PROPERTIES TIMEOUT 600)

# And against risksim: login, both hubs, orders, positions, lost replies, reconnects.
if(TARGET risksim)
  add_executable(gateway_risksim ${CMAKE_CURRENT_LIST_DIR}/gateway_risksim.c ${CMAKE_CURRENT_LIST_DIR}/gateway_sim.c)
  target_link_libraries(gateway_risksim test_lib PkgConfig::CMOCKA)
  add_test(NAME e2e/gateway COMMAND gateway_risksim $<TARGET_FILE:risksim> WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(e2e/gateway PROPERTIES TIMEOUT 600)
endif()
if(TARGET risksim)
  add_test(NAME e2e/users COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/users.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e/users PROPERTIES TIMEOUT 600)
endif()
