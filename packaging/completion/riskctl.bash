# bash completion for riskctl; tests/e2e/riskctl_commands.py compares it with the program's own help
_riskctl()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words
    case $before in
    --config | --templates | --log)
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return ;;
    --password-file | --new-password-file | --api-key-file | --ca-file | --events | --contracts | --db | --trace)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return ;;
    esac
    if [ "$COMP_CWORD" -eq 1 ]; then
        words='init status test reload unlock flatten password account rules check service alert audit backup scenario replay simulate --help --version'
    else
        case ${COMP_WORDS[1]}:$COMP_CWORD in
        account:2) words='add edit pause resume remove show' ;;
        rules:2) words='show set enable disable pending cancel' ;;
        service:2) words='install start stop restart status uninstall' ;;
        alert:2) words='test' ;;
        audit:2) words='verify show export' ;;
        init:*) words='--username --api-key-file --account --daily-loss --new-password-file --gateway --ca-file --templates --no-test' ;;
        unlock:*) words='--account --reason --rule --symbol' ;;
        flatten:*) words='--account --all --symbol --reason' ;;
        rules:*) words='--account' ;;
        account:*) words='--username --api-key-file --nickname --profile' ;;
        audit:*) words='--db --log --head --account --count --since --csv' ;;
        password:*) words='--new-password-file' ;;
        backup:*) words='--keep' ;;
        test:*) words='--wait' ;;
        scenario:*) words='--keep-going' ;;
        replay:*) words='--events --contracts --broker' ;;
        simulate:*) words='--seed --seeds --days --accounts --faults --store --kill-at --trace --jobs --quiet' ;;
        *) words= ;;
        esac
        words="$words --config --json --password-file --yes --help"
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _riskctl riskctl
