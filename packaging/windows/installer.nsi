; The Windows installer, made on Linux by ./package --windows.
;   makensis -DVERSION=0.1.0 -DSTAGE=DIR -DOUT=FILE installer.nsi          STAGE: programs, templates, zoneinfo, docs
;
; For the whole machine, by an administrator.  Asks nothing it can find out.  Installing over an older version keeps configuration, ledger and
; lockouts, and protects until the moment of the restart: a program that runs can be renamed, so the new ones are there before the old one stops.
;   setup.exe /S                                     no questions; `riskctl init` and `riskctl service start` remain to be done
;   Uninstall.exe /S [/PASSWORDFILE=FILE] [/PURGE]   no questions; the admin password's first line; /PURGE: configuration, ledger and logs go too
Target amd64-unicode
Unicode true
!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include x64.nsh

!define TITLE "Simple Risk Manager"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\SimpleRiskManager"
!define CONFIG "$APPDATA\${TITLE}\config"

Name "${TITLE}"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\${TITLE}"
RequestExecutionLevel admin
SetCompressor /SOLID lzma
ManifestSupportedOS all
VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "${TITLE}"
VIAddVersionKey FileDescription "${TITLE} ${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey LegalCopyright ""
ShowInstDetails show
ShowUninstDetails show

!define MUI_ABORTWARNING
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_TEXT "${TITLE} is installed.$\r$\n$\r$\nThe dashboard (Risk Dashboard) and the administration (Risk Administration) are in the Start menu."
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English

Var code

; ---- Installing ----

!macro Begin
  SetShellVarContext all
  SetRegView 64
!macroend

Function .onInit
  !insertmacro Begin
  ${IfNot} ${RunningX64}
    MessageBox MB_ICONSTOP "${TITLE} needs 64-bit Windows 10 or later." /SD IDOK
    SetErrorLevel 2
    Quit
  ${EndIf}
FunctionEnd

; The old one goes out of the way, whether it runs or not.
!macro MoveAway name
  ${If} ${FileExists} "$INSTDIR\${name}"
    Delete "$INSTDIR\${name}.old"
    Rename "$INSTDIR\${name}" "$INSTDIR\${name}.old"
  ${EndIf}
!macroend

; A shortcut whose program asks for an administrator: bit 0x20 of the link's byte 0x15.
Function AskForAdministrator
  Pop $0
  ClearErrors
  FileOpen $1 $0 a
  ${If} ${Errors}
    Return
  ${EndIf}
  FileSeek $1 0x15
  FileReadByte $1 $2
  IntOp $2 $2 | 0x20
  FileSeek $1 0x15
  FileWriteByte $1 $2
  FileClose $1
FunctionEnd

Section
  SetOutPath "$INSTDIR"
  !insertmacro MoveAway riskd.exe
  !insertmacro MoveAway riskctl.exe
  !insertmacro MoveAway risktop.exe
  RMDir /r "$INSTDIR\zoneinfo"
  RMDir /r "$INSTDIR\templates"
  RMDir /r "$INSTDIR\docs"
  ClearErrors ; What was not there could not be removed.
  File "${STAGE}\riskd.exe"
  File "${STAGE}\riskctl.exe"
  File "${STAGE}\risktop.exe"
  File /r "${STAGE}\zoneinfo"
  File /r "${STAGE}\templates"
  File /r "${STAGE}\docs"
  ${If} ${Errors}
    Abort "The files could not be written."
  ${EndIf}

  CreateDirectory "$SMPROGRAMS\${TITLE}"
  CreateShortCut "$SMPROGRAMS\${TITLE}\Risk Dashboard.lnk" "$INSTDIR\risktop.exe"
  CreateShortCut "$SMPROGRAMS\${TITLE}\Risk Administration.lnk" "$INSTDIR\riskctl.exe"
  Push "$SMPROGRAMS\${TITLE}\Risk Administration.lnk"
  Call AskForAdministrator

  WriteUninstaller "$INSTDIR\Uninstall.exe"
  WriteRegStr HKLM "${UNINSTALL}" DisplayName "${TITLE}"
  WriteRegStr HKLM "${UNINSTALL}" DisplayVersion "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL}" InstallLocation "$INSTDIR"
  WriteRegStr HKLM "${UNINSTALL}" UninstallString '"$INSTDIR\Uninstall.exe"'
  WriteRegStr HKLM "${UNINSTALL}" QuietUninstallString '"$INSTDIR\Uninstall.exe" /S'
  WriteRegDWORD HKLM "${UNINSTALL}" NoModify 1
  WriteRegDWORD HKLM "${UNINSTALL}" NoRepair 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKLM "${UNINSTALL}" EstimatedSize $0
  ClearErrors

  ; Folders with their rights, the service, its events: made, or mended.
  nsExec::ExecToLog '"$INSTDIR\riskctl.exe" service install --config "${CONFIG}"'
  Pop $code
  ${If} $code != 0
    Abort "The service could not be installed ($code)."
  ${EndIf}
  ${If} ${FileExists} "${CONFIG}\accounts.yaml"
    nsExec::ExecToLog '"$INSTDIR\riskctl.exe" service restart --config "${CONFIG}"'
    Pop $code
    ${If} $code != 0
      Abort "The new version could not be started ($code); nothing is protected."
    ${EndIf}
  ${ElseIfNot} ${Silent}
    ExecWait '"$INSTDIR\riskctl.exe" init' $code
    ${If} $code = 0
      nsExec::ExecToLog '"$INSTDIR\riskctl.exe" service start --config "${CONFIG}"'
      Pop $code
    ${EndIf}
    ${If} $code != 0
      MessageBox MB_ICONEXCLAMATION "Not set up yet: nothing is protected. In a console opened as administrator: riskctl init, then riskctl service start."
    ${EndIf}
  ${EndIf}
  Delete "$INSTDIR\*.exe.old"
SectionEnd

; ---- Uninstalling ----

Function un.onInit
  !insertmacro Begin
FunctionEnd

; Protection ends only with the admin's word: the password is asked for, and it is in the ledger (S-17).
Function un.EndService
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/PASSWORDFILE=" $1
  ${If} ${Errors}
    StrCpy $2 ""
  ${Else}
    StrCpy $2 '--password-file "$1"'
  ${EndIf}
  ${If} ${FileExists} "${CONFIG}\accounts.yaml"
    ExecWait '"$INSTDIR\riskctl.exe" service uninstall --yes $2 --config "${CONFIG}"' $code
  ${Else} ; Never set up: there is nothing to end, and no password.
    ExecWait '"$SYSDIR\sc.exe" delete riskd' $code
    DeleteRegKey HKLM "SYSTEM\CurrentControlSet\Services\EventLog\Application\riskd"
    StrCpy $code 0
  ${EndIf}
FunctionEnd

Section Uninstall
  Call un.EndService
  ${If} $code != 0
    MessageBox MB_ICONSTOP "The service goes on and nothing has been removed: the admin password is needed ($code)." /SD IDOK
    SetErrorLevel 3
    Abort
  ${EndIf}
  Delete "$SMPROGRAMS\${TITLE}\Risk Dashboard.lnk"
  Delete "$SMPROGRAMS\${TITLE}\Risk Administration.lnk"
  RMDir "$SMPROGRAMS\${TITLE}"
  RMDir /r "$INSTDIR\zoneinfo"
  RMDir /r "$INSTDIR\templates"
  RMDir /r "$INSTDIR\docs"
  Delete "$INSTDIR\*.exe.old"
  Delete "$INSTDIR\riskd.exe"
  Delete "$INSTDIR\riskctl.exe"
  Delete "$INSTDIR\risktop.exe"
  Delete "$INSTDIR\Uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "${UNINSTALL}"

  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/PURGE" $1
  ${IfNot} ${Errors}
    RMDir /r "$APPDATA\${TITLE}"
  ${ElseIf} ${FileExists} "$APPDATA\${TITLE}\*.*"
    MessageBox MB_YESNO|MB_ICONQUESTION "Keep configuration, ledger and logs?$\r$\n$APPDATA\${TITLE}" /SD IDYES IDYES keep
    RMDir /r "$APPDATA\${TITLE}"
    keep:
    ${If} ${FileExists} "$APPDATA\${TITLE}\*.*"
      DetailPrint "Kept: $APPDATA\${TITLE}"
    ${EndIf}
  ${EndIf}
SectionEnd
