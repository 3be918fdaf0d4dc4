<?xml version="1.0" encoding="UTF-8"?>
<!-- Shows a C-CDA document for people: whose it is, when and by whom, and every section in the words of its narrative.
     XSLT 1.0, no script, nothing loaded; only the elements of CDA's own narrative are shown. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:n="urn:hl7-org:v3" exclude-result-prefixes="n">
<xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>

<xsl:template match="/n:ClinicalDocument">
<html lang="en"><head>
<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>
<title><xsl:value-of select="n:title"/></title>
<style>
:root{color-scheme:light dark}
body{font:1.06rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1rem;color:#1c2426;background:#fff}
h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.35rem;border-top:3px solid #1c2426;padding-top:.5rem;margin-top:2.2rem}
.table{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.95rem}caption{text-align:left;padding:.25rem 0;color:#4a5659}
th,td{text-align:left;vertical-align:top;padding:.45rem .75rem .45rem 0;border-bottom:1px solid #c9d1d3;overflow-wrap:break-word}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#4a5659}dd{margin:0}
@media(prefers-color-scheme:dark){body{color:#e6ecee;background:#14191b}h2{border-color:#e6ecee}caption,dt{color:#b4c0c3}th,td{border-color:#3a4549}}
@media print{body{max-width:none;font-size:11pt}thead{display:table-header-group}tr{break-inside:avoid}}
</style></head>
<body><main>
<h1><xsl:value-of select="n:title"/></h1>
<dl>
<xsl:for-each select="n:recordTarget/n:patientRole">
<dt>Name</dt><dd><xsl:call-template name="name"><xsl:with-param name="of" select="n:patient/n:name[1]"/></xsl:call-template></dd>
<dt>Born</dt><dd><xsl:call-template name="day"><xsl:with-param name="at" select="n:patient/n:birthTime/@value"/></xsl:call-template></dd>
<xsl:if test="n:patient/n:administrativeGenderCode/@displayName"><dt>Sex</dt><dd><xsl:value-of select="n:patient/n:administrativeGenderCode/@displayName"/></dd></xsl:if>
<xsl:for-each select="n:addr[n:streetAddressLine][1]"><dt>Address</dt><dd><xsl:for-each select="*"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="."/></xsl:for-each></dd></xsl:for-each>
<xsl:for-each select="n:telecom[@value]"><dt>Reach</dt><dd><xsl:value-of select="substring-after(@value, ':')"/></dd></xsl:for-each>
</xsl:for-each>
<dt>Written</dt><dd><xsl:call-template name="day"><xsl:with-param name="at" select="n:effectiveTime/@value"/></xsl:call-template></dd>
<dt>By</dt><dd><xsl:for-each select="n:author[1]/n:assignedAuthor"><xsl:choose>
<xsl:when test="n:assignedPerson/n:name"><xsl:call-template name="name"><xsl:with-param name="of" select="n:assignedPerson/n:name[1]"/></xsl:call-template></xsl:when>
<xsl:otherwise><xsl:value-of select="n:representedOrganization/n:name"/></xsl:otherwise></xsl:choose></xsl:for-each></dd>
<xsl:for-each select="n:informationRecipient/n:intendedRecipient/n:informationRecipient/n:name"><dt>For</dt><dd><xsl:value-of select="."/></dd></xsl:for-each>
<xsl:for-each select="n:participant/n:associatedEntity[n:associatedPerson]"><dt>Contact</dt><dd>
<xsl:call-template name="name"><xsl:with-param name="of" select="n:associatedPerson/n:name[1]"/></xsl:call-template>
<xsl:for-each select="n:code/n:originalText"> (<xsl:value-of select="."/>)</xsl:for-each>
<xsl:for-each select="n:telecom[@value]">, <xsl:value-of select="substring-after(@value, ':')"/></xsl:for-each></dd></xsl:for-each>
</dl>
<xsl:apply-templates select="n:component/n:structuredBody/n:component/n:section"/>
</main></body></html>
</xsl:template>

<xsl:template match="n:section"><section><h2><xsl:value-of select="n:title"/></h2><xsl:apply-templates select="n:text"/>
<xsl:apply-templates select="n:component/n:section"/></section></xsl:template>
<xsl:template match="n:text"><div><xsl:apply-templates/></div></xsl:template>
<xsl:template match="n:table"><div class="table" tabindex="0"><table><xsl:apply-templates/></table></div></xsl:template>
<xsl:template match="n:caption"><caption><xsl:apply-templates/></caption></xsl:template>
<xsl:template match="n:thead|n:tbody|n:tfoot|n:tr"><xsl:element name="{local-name()}"><xsl:apply-templates/></xsl:element></xsl:template>
<xsl:template match="n:th|n:td"><xsl:element name="{local-name()}">
<xsl:if test="self::n:th"><xsl:attribute name="scope">col</xsl:attribute></xsl:if>
<xsl:for-each select="@colspan|@rowspan"><xsl:attribute name="{local-name()}"><xsl:value-of select="."/></xsl:attribute></xsl:for-each>
<xsl:apply-templates/></xsl:element></xsl:template>
<xsl:template match="n:paragraph"><p><xsl:apply-templates/></p></xsl:template>
<xsl:template match="n:list"><ul><xsl:apply-templates/></ul></xsl:template>
<xsl:template match="n:item"><li><xsl:apply-templates/></li></xsl:template>
<xsl:template match="n:br"><br/></xsl:template>
<xsl:template match="n:sub"><sub><xsl:apply-templates/></sub></xsl:template>
<xsl:template match="n:sup"><sup><xsl:apply-templates/></sup></xsl:template>
<xsl:template match="n:content"><span><xsl:apply-templates/></span></xsl:template>
<xsl:template match="n:renderMultiMedia|n:linkHtml[not(node())]"/>

<xsl:template name="name"><xsl:param name="of"/><xsl:choose>
<xsl:when test="$of/*"><xsl:for-each select="$of/n:prefix|$of/n:given|$of/n:family|$of/n:suffix"><xsl:if test="position() &gt; 1"><xsl:text> </xsl:text></xsl:if><xsl:value-of select="."/></xsl:for-each></xsl:when>
<xsl:otherwise><xsl:value-of select="$of"/></xsl:otherwise></xsl:choose></xsl:template>

<xsl:template name="day"><xsl:param name="at"/>
<xsl:if test="string-length($at) &gt;= 8"><xsl:value-of select="number(substring($at, 7, 2))"/><xsl:text> </xsl:text></xsl:if>
<xsl:if test="string-length($at) &gt;= 6"><xsl:value-of select="normalize-space(substring('January   February  March     April     May       June      July      August    September October   November  December  ', (number(substring($at, 5, 2)) - 1) * 10 + 1, 10))"/><xsl:text> </xsl:text></xsl:if>
<xsl:value-of select="substring($at, 1, 4)"/></xsl:template>
</xsl:stylesheet>
