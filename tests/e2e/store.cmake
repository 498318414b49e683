# kill -9 loses nothing that was acknowledged (S-9).
add_executable(store_kill ${CMAKE_CURRENT_SOURCE_DIR}/store_kill.c)
target_link_libraries(store_kill store core os base)
add_test(NAME e2e/store-kill COMMAND store_kill 100)
set_tests_properties(e2e/store-kill PROPERTIES TIMEOUT 600)
