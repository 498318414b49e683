# riskd and riskctl as a user starts them.
add_test(NAME e2e/config-errors COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/config_errors.py $<TARGET_FILE:riskd>)
